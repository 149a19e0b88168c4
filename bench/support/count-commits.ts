import { DatabaseSync } from 'node:sqlite'

let count = 0
const isCommit = (sql: string) => /^\s*(commit|end)\b/i.test(sql)

const { exec, prepare } = DatabaseSync.prototype
DatabaseSync.prototype.exec = function (sql) {
  if (isCommit(sql)) count++
  return exec.call(this, sql)
}
DatabaseSync.prototype.prepare = function (sql, ...rest) {
  const statement = prepare.call(this, sql, ...rest)
  if (isCommit(sql)) {
    const { all } = statement
    statement.all = Object.assign((...values: never[]) => {
      count++
      return all.apply(statement, values as unknown as Parameters<typeof all>)
    })
  }
  return statement
}

/**
 * Transactions that this process has committed. Each is one fsync of the journal (`synchronous = full` in WAL mode);
 * a checkpoint, every 1,000 pages, adds two.
 */
export function countCommits(): number {
  return count
}
