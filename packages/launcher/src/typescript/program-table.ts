/** `program.json` in the job's directory: the files of a prepared program, for the ranks. */
export interface ProgramTable {
  /** The script as a file URL of what the user typed, and of the file behind it. */
  readonly script: string;
  readonly entry: string;

  /** `process.argv[1]` if that is not the script's path. */
  readonly name?: string | undefined;

  /** The user's hooks may change each import: what is known here is only a proposal. */
  readonly hasPreloads: boolean;

  /** By URL. */
  readonly modules: Readonly<Record<string, TableEntry>>;
}

export interface TableEntry {
  readonly format: "module" | "commonjs" | "json";

  /** The name of the transformed file in the job's directory; none for JSON. */
  readonly file?: string;

  /** Targets of the file's imports with literal names. */
  readonly imports: Readonly<Record<string, string>>;
}

export const tableName = "program.json";
