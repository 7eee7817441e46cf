/** A machine that ranks may run on. */
export interface Host {
  /** Its name as the scheduler writes it. */
  name: string;
  /** How many ranks it takes before hosts are filled a second time. */
  slots: number;
  /** It is the machine that the launcher itself runs on. */
  here: boolean;
  /** The user to log in as there, where it is not the user of this process (`user@host`). */
  user?: string;
  /** More ranks than this are refused (`max_slots` of a host file). */
  most?: number;
  /**
   * What the scheduler knows of this host, for example its index in the scheduler's own list. Absent for a host outside the
   * job. Only the folder of the scheduler that made it can read it.
   */
  place?: object;
}

/** The hosts of a job and where that knowledge came from. */
export interface Allocation {
  hosts: Host[];
  /** The slots in the order in which ranks take them; absent: one host after the other. */
  order?: Host[];
  /** A scheduler or the user granted just these slots. False for the CPUs of one's own machine, which nothing counts. */
  granted: boolean;
  /** For people: "2 CPUs this process may use", or a variable and the file that it names. */
  source: string;
  /** What `tsmpi doctor` tells of it, a sentence each. */
  notes?: string[];
  /** What the user is told before the job starts, a sentence each. */
  warnings?: string[];
}
