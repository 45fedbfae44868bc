"""A real Ray cluster of three nodes with one core each, on loopback: its address and the raylets' process ids on the standard output.

It goes down when the standard input ends, and so with the process that started it, however that ends.
"""

import json
import sys

from ray.cluster_utils import Cluster

# Ray takes 127.0.0.1 for the machine's outer address; the rest of 127.0.0.0/8 is loopback as well.
SMALL = {"num_cpus": 1, "object_store_memory": 80 << 20, "node_ip_address": "127.0.0.2"}
QUICK_TO_NOTICE = {"health_check_initial_delay_ms": 1000, "health_check_period_ms": 500, "health_check_failure_threshold": 4}

cluster = Cluster(initialize_head=True, head_node_args={**SMALL, "include_dashboard": False, "_system_config": QUICK_TO_NOTICE})
try:
    nodes = [cluster.add_node(wait=False, **SMALL) for _ in range(2)]
    cluster.wait_for_nodes()
    raylets = [node.all_processes["raylet"][0].process.pid for node in nodes]
    sys.stdout.write(json.dumps({"address": cluster.address, "raylets": raylets}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
finally:
    cluster.shutdown()
