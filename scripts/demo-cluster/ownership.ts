import pg from 'pg'

export interface OwnedSession {
  id: string
  /** The name of the node that owns it; null: none that lives. */
  node: string | null
}

const sessionsQuery = `
  select s.id, case when n.state <> 'dead' then n.volumes end as volumes
  from claude_code_api.sessions s left join claude_code_api.nodes n on n.id = s.owner
  order by s.created_at`
const nodesQuery = `select volumes from claude_code_api.nodes where state <> 'dead'`

/** Which node owns which session, as the database says. The API does not show it: callers have no use for it. */
export class Ownership {
  readonly #pool: pg.Pool

  constructor(databaseUrl: string) {
    this.#pool = new pg.Pool({ connectionString: databaseUrl, max: 1 })
    // The next query connects again.
    this.#pool.on('error', () => undefined)
  }

  async listSessions(): Promise<OwnedSession[]> {
    const { rows } = await this.#pool.query(sessionsQuery)
    return rows.map(({ id, volumes }) => ({ id, node: volumes === null ? null : nameIn(volumes) }))
  }

  /** The names of the nodes that live. */
  async listNodes(): Promise<string[]> {
    const { rows } = await this.#pool.query(nodesQuery)
    return rows.map(({ volumes }) => nameIn(volumes))
  }

  close(): Promise<void> {
    return this.#pool.end()
  }
}

/** Each node names a place after itself: the directories that it alone has. */
function nameIn(volumes: string): string {
  const own = (JSON.parse(volumes) as string[]).find(volume => volume.startsWith('node:'))
  return own?.slice('node:'.length) ?? ''
}
