/** The part of npm:pg that the store uses; its published types would be installed at every start. */

/** A statement and its parameters; rows come as arrays of columns. */
export interface Statement {
  text: string;
  values?: unknown[];
  rowMode: "array";
}

export interface Client {
  query(statement: Statement): Promise<{ rows: unknown[][] }>;
  query(statements: string): Promise<unknown>;
  /** @param broken closes the connection. */
  release(broken: boolean): void;
  on(event: "error", heard: (error: Error) => void): void;
}

export interface PoolConfig {
  host: string;
  port: number;
  database: string;
  user?: string | undefined;
  password?: string | undefined;
  ssl: false | { ca?: string; host: string };
  max: number;
  application_name: string;
  connectionTimeoutMillis: number;
  idleTimeoutMillis: number;
  query_timeout: number;
  keepAlive: boolean;
  /** Called for each connection, once it is made: with an error, it is not used. */
  verify(client: Client, done: (error?: Error) => void): void;
  types: {
    getTypeParser(type: number, format: string): (text: string) => unknown;
  };
}

export declare class Pool {
  constructor(config: PoolConfig);
  connect(): Promise<Client>;
  end(): Promise<void>;
  on(event: "error", heard: (error: Error) => void): void;
  /** Called for each connection, once it is made. */
  on(event: "connect", heard: (client: Client) => void): void;
}

/** What the server answers in place of rows. */
export declare class DatabaseError extends Error {
  /** Five characters of SQL. */
  code: string;
}

declare const pg: {
  Pool: typeof Pool;
  DatabaseError: typeof DatabaseError;
  types: { getTypeParser(type: number): (text: string) => unknown };
};
export default pg;
