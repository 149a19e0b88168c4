import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { listen } from '../forwarder/open-forwarder.ts'
import { parseResults, toScript } from '../support/box-probes.ts'
import { openOnce } from '../support/lifetime.ts'
import { requirements } from '../support/machine.ts'
import { openServer } from '../support/open-server.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'

/** Asks through the proxy also for loopback, where a listed host is in this test. */
const curl = "curl -sf --max-time 10 --noproxy ''"
/** Asks the model as a program can that has read the environment of Claude Code. */
const askModel = (path: string, body?: object, key = '$(echo "$HTTPS_PROXY" | sed "s/.*box://; s/@.*//")') =>
  `curl -sf --max-time 10 -H "x-api-key: ${key}" ${body ? `-d '${JSON.stringify(body)}'` : ''} $ANTHROPIC_BASE_URL${path}`

async function open() {
  const page = await listen((_, response) => response.end('page'))
  const secret = await listen((_, response) => response.end('secret'))
  const leading = await listen((_, response) => response.writeHead(302, { location: secret.url }).end())
  const mcp = await openMcpServer({ requiredHeaders: { 'x-token': 'letmein' } })
  const server = await openServer({
    isolation: 'process',
    agentNetwork: [page.host, leading.host, mcp.host, `${hostname()}:${secret.port}`, 'example.test'],
    allowedPrivateHosts: [page.host, leading.host, mcp.host, secret.host],
    environment: { ANTHROPIC_CUSTOM_HEADERS: 'X-Gateway: gateway-secret' },
  })
  const web = { type: 'http', url: mcp.url, headers: { 'X-Token': 'letmein' }, alwaysLoad: true }
  const id = await server.createSession({ allowedTools: ['Bash', 'mcp__web'], mcpServers: { web } })
  /** Has Claude use a tool; returns what it said. */
  const use = async (tool: string, input: Record<string, unknown>) => {
    let printed = ''
    server.model.script(`use ${tool}`, ({ round, toolResults }) => {
      if (round === 0) return toolUse(tool, input)
      printed = toolResults[0]?.content ?? ''
      return text('done')
    })
    const { status } = await server.ask(id, `use ${tool}`)
    expect(status).toBe(200)
    return printed
  }
  return { ...server, page, secret, leading, mcp, use }
}

if (requirements.bubblewrap.find() !== undefined) {
  describe('in a box with a list of hosts', () => {
    const opened = openOnce(open)

    test('programs reach these hosts and the model, and nothing else', async () => {
      const { page, secret, leading, base, use } = opened()
      const probes = {
        'listed host': `${curl} ${page.url}/`,
        'listed host, by a tunnel': `${curl} --proxytunnel ${page.url}/`,
        'model, as Claude Code asks it': askModel('/v1/messages/count_tokens', {}),
        'listed host, without the proxy': `timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/${page.port}'`,
        'host that is allowed to callers alone': `${curl} ${secret.url}/`,
        'redirect to it': `${curl} -L ${leading.url}/`,
        'port of the server': `${curl} ${base}/health`,
        'port of the server, by a tunnel': `${curl} --proxytunnel ${base}/health`,
        'metadata address': `${curl} http://169.254.169.254/latest/meta-data/`,
        'metadata address, by a tunnel': `${curl} --proxytunnel http://169.254.169.254/latest/meta-data/`,
        'listed name with an address that is not public': `${curl} http://${hostname()}:${secret.port}/`,
        'unlisted host': `${curl} https://example.org/`,
        'names of the Internet': 'getent hosts example.org',
        'proxy with another token': `${curl} -x http://box:wrong@127.0.0.1:61616 ${page.url}/`,
        'model with another token': askModel('/v1/messages/count_tokens', {}, 'sk-made-up'),
        "files of the key's organization": askModel('/v1/files'),
        'web pages, read by the model': askModel('/v1/messages/count_tokens', {
          tools: [{ type: 'web_fetch_20250910' }],
        }),
        'the port of the channel, listening': `perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => 61616, ReusePort => 1)'`,
        "headers of the operator's gateway": 'cat /proc/[0-9]*/environ | grep -a gateway-secret',
      }
      const reached = ['listed host', 'listed host, by a tunnel', 'model, as Claude Code asks it']
      const results = parseResults(await use('Bash', { command: toScript(probes) }))
      expect(results).toEqual(
        Object.fromEntries(Object.keys(probes).map(name => [name, reached.includes(name)])),
      )
      expect(secret.requests).toEqual([])
      expect(page.requests).toHaveLength(2)
    })

    test('credentials that have to be in the box are said at the start', async () => {
      const { log } = await openServer({
        isolation: 'process',
        environment: { CLAUDE_CODE_USE_BEDROCK: '1' },
      })
      expect(log.lines).toContainEqual(
        expect.objectContaining({
          msg: 'isolation without hidden credentials',
          reason: expect.stringContaining('CLAUDE_CODE_USE_BEDROCK'),
        }),
      )
      expect(opened().log.lines).not.toContainEqual(
        expect.objectContaining({ msg: 'isolation without hidden credentials' }),
      )
    })

    test('an MCP server of the list works; one outside of it is refused by name', async () => {
      const { use, mcp, call, secret, createSession, model, ask } = opened()
      expect(await use('mcp__web__echo', { text: 'over there' })).toContain('over there')
      expect(mcp.requests.length).toBeGreaterThan(0)
      const id = await createSession({ clientTools: [{ name: 'find' }] })
      model.script('find it', ({ round }) => (round === 0 ? toolUse('mcp__client__find', {}) : text('found')))
      const asked = ask(id, 'find it')
      const [request] = await pendingPermissions({ call }, id)
      await answer({ call }, request, { result: 'it' })
      expect((await asked).body.response).toBe('found')
      const mcpServers = { docs: { type: 'http', url: secret.url } }
      const { status, body } = await call('POST', '/sessions', { mcpServers })
      expect([status, body.error.code, body.error.details]).toMatchObject([
        403,
        'SETTING_NOT_ALLOWED',
        { setting: 'mcpServers.docs.url', option: 'agentNetwork' },
      ])
    })
  })
}
