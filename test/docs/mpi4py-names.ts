/**
 * The methods and properties of mpi4py 3.1.4's classes, each where it is first defined: what a program may use and
 * docs/from-mpi4py.md must have a word about. Listed by `dir(MPI.Comm)` and the like.
 */
const text = {
  Comm: `
    Abort Allgather Allgatherv Allreduce Alltoall Alltoallv Alltoallw Barrier Bcast Bsend Bsend_init Call_errhandler
    Clone Compare Create Create_group Create_keyval Delete_attr Disconnect Dup Dup_with_info Free Free_keyval Gather
    Gatherv Get_attr Get_errhandler Get_group Get_info Get_name Get_parent Get_rank Get_size Get_topology Iallgather
    Iallgatherv Iallreduce Ialltoall Ialltoallv Ialltoallw Ibarrier Ibcast Ibsend Idup Igather Igatherv Improbe
    Iprobe Irecv Ireduce Ireduce_scatter Ireduce_scatter_block Irsend Is_inter Is_intra Iscatter Iscatterv Isend
    Issend Join Mprobe Probe Recv Recv_init Reduce Reduce_scatter Reduce_scatter_block Rsend Rsend_init Scatter
    Scatterv Send Send_init Sendrecv Sendrecv_replace Set_attr Set_errhandler Set_info Set_name Split Split_type
    Ssend Ssend_init allgather allreduce alltoall barrier bcast bsend f2py gather group ibsend improbe info iprobe
    irecv is_inter is_intra is_topo isend issend mprobe name probe py2f rank recv reduce scatter send sendrecv size
    ssend topology`,
  Intracomm: `
    Accept Cart_map Connect Create_cart Create_dist_graph Create_dist_graph_adjacent Create_graph Create_intercomm
    Exscan Graph_map Iexscan Iscan Scan Spawn Spawn_multiple exscan scan`,
  Topocomm: `
    Ineighbor_allgather Ineighbor_allgatherv Ineighbor_alltoall Ineighbor_alltoallv Ineighbor_alltoallw
    Neighbor_allgather Neighbor_allgatherv Neighbor_alltoall Neighbor_alltoallv Neighbor_alltoallw degrees indegree
    inedges inoutedges neighbor_allgather neighbor_alltoall outdegree outedges`,
  Cartcomm: `
    Get_cart_rank Get_coords Get_dim Get_topo Shift Sub coords dim dims ndim periods topo`,
  Graphcomm: `
    Get_dims Get_neighbors Get_neighbors_count Get_topo dims edges index nedges neighbors nneighbors nnodes topo`,
  Distgraphcomm: `
    Get_dist_neighbors Get_dist_neighbors_count`,
  Intercomm: `
    Get_remote_group Get_remote_size Merge remote_group remote_size`,
  Group: `
    Compare Difference Dup Excl Free Get_rank Get_size Incl Intersect Intersection Range_excl Range_incl
    Translate_ranks Union f2py py2f rank size`,
  Status: `
    Get_count Get_elements Get_error Get_source Get_tag Is_cancelled Set_cancelled Set_elements Set_error Set_source
    Set_tag cancelled count error f2py py2f source tag`,
  Request: `
    Cancel Free Get_status Test Testall Testany Testsome Wait Waitall Waitany Waitsome cancel f2py get_status py2f
    test testall testany testsome wait waitall waitany waitsome`,
  Prequest: `
    Start Startall`,
  Grequest: `
    Complete Start`,
  Datatype: `
    Commit Create_contiguous Create_darray Create_dup Create_f90_complex Create_f90_integer Create_f90_real
    Create_hindexed Create_hindexed_block Create_hvector Create_indexed Create_indexed_block Create_keyval
    Create_resized Create_struct Create_subarray Create_vector Delete_attr Dup Free Free_keyval Get_attr Get_contents
    Get_envelope Get_extent Get_name Get_size Get_true_extent Match_size Pack Pack_external Pack_external_size
    Pack_size Resized Set_attr Set_name Unpack Unpack_external combiner contents decode envelope extent f2py is_named
    is_predefined lb name py2f size true_extent true_lb true_ub ub`,
  File: `
    Call_errhandler Close Delete Get_amode Get_atomicity Get_byte_offset Get_errhandler Get_group Get_info Get_position
    Get_position_shared Get_size Get_type_extent Get_view Iread Iread_all Iread_at Iread_at_all Iread_shared Iwrite
    Iwrite_all Iwrite_at Iwrite_at_all Iwrite_shared Open Preallocate Read Read_all Read_all_begin Read_all_end Read_at
    Read_at_all Read_at_all_begin Read_at_all_end Read_ordered Read_ordered_begin Read_ordered_end Read_shared Seek
    Seek_shared Set_atomicity Set_errhandler Set_info Set_size Set_view Sync Write Write_all Write_all_begin
    Write_all_end Write_at Write_at_all Write_at_all_begin Write_at_all_end Write_ordered Write_ordered_begin
    Write_ordered_end Write_shared amode atomicity f2py group info py2f size`,
  Message: `
    Iprobe Irecv Probe Recv f2py iprobe irecv probe py2f recv`,
};

export const mpi4pyNames: Record<keyof typeof text, string[]> = Object.fromEntries(
  Object.entries(text).map(([name, members]) => [name, members.trim().split(/\s+/)]),
) as Record<keyof typeof text, string[]>;
