/** A machine that ranks may run on. */
export interface Host {
  /** Its name as the scheduler writes it. */
  name: string;
  /** How many ranks it takes before hosts are filled a second time. */
  slots: number;
  /** It is the machine that the launcher itself runs on. */
  here: boolean;
  /** Index of its first line in PBS's own node file, which is what `pbsdsh -n` counts. Absent outside the PBS job. */
  line?: number;
  /** How many lines of that file are its. */
  lines?: number;
}

/** The hosts of a job and where that knowledge came from. */
export interface Allocation {
  hosts: Host[];
  /** The slots in the order in which ranks take them; absent: one host after the other. */
  order?: Host[];
  /** Somebody has granted just these slots. The CPUs of one's own machine nobody counts. */
  granted: boolean;
  /** For people: "2 CPUs this process may use", "PBS_NODEFILE /var/spool/pbs/aux/17.head". */
  source: string;
  /** What `tsmpi doctor` tells of it, a sentence each. */
  notes?: string[];
}
