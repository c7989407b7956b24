"""Rules whose findings depend on what is near them: they are asked again only about what has changed."""
