"""What Airflow's DAG processor does with new files: it imports them and serialises the DAGs."""

import os
import sys
import tempfile

with tempfile.TemporaryDirectory() as home:
    os.environ["AIRFLOW_HOME"] = home
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    bag = DagBag(dag_folder="dags")
    for message in bag.import_errors.values():
        print(message)
    for dag in bag.dags.values():
        DagSerialization.to_dict(dag)
    if bag.import_errors:
        sys.exit(1)
    if not bag.dags:
        sys.exit("no DAG was found")
