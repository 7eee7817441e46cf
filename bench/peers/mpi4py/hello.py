from mpi4py import MPI

world = MPI.COMM_WORLD
print(f"I am rank {world.rank} in group of {world.size} processes.")
