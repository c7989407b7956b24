"""What every engine calls to make an asset: ``materialize``. It needs neither the compiler nor an engine."""
