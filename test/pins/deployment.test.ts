import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { mountPath } from '../../src/app/serve.ts'
import { findUnknownVariables } from '../../src/config/sources/collect-options.ts'
import { serverOptions } from '../../src/config/sources/server-option.ts'
import { operations } from '../../src/contract/operations.ts'

const root = join(import.meta.dirname, '../..')
const read = (name: string) => readFileSync(join(root, 'deploy', name), 'utf8')
const dockerfile = read('Dockerfile')
const unit = read('claude-code-api.service')
const compose = parse(read('compose.yaml')).services.server
const [deployment] = parseAllDocuments(read('kubernetes/deployment.yaml')).map(document => document.toJS())
const pod = deployment.spec.template.spec
const [container] = pod.containers
const port = String(serverOptions.find(({ path }) => path === 'port')?.schema.default)

/** The value of a variable or a setting, as Dockerfiles and units write it. */
const settingOf = (text: string, name: string) => new RegExp(`\\b${name}=(\\S+)`).exec(text)?.[1]
const environmentOf = (name: string) =>
  container.env.find((entry: { name: string }) => entry.name === name)?.value as string

test('every variable in deploy/ is an option of the server', () => {
  const files = globSync('deploy/**/*', { cwd: root, withFileTypes: true }).filter(entry => entry.isFile())
  expect(files.length).toBeGreaterThan(10)
  const names = files.flatMap(({ parentPath, name }) =>
    [...readFileSync(join(parentPath, name), 'utf8').matchAll(/\bCLAUDE_CODE_API_[A-Z_]+/g)].map(
      ([found]) => found,
    ),
  )
  expect(names).toContain('CLAUDE_CODE_API_DRAIN_TIMEOUT_MS')
  expect(findUnknownVariables(Object.fromEntries(names.map(name => [name, 'x'])))).toEqual([])
})

test('probes ask for operations that need no key', () => {
  const open = Object.values(operations)
    .filter(({ auth }) => auth === 'none')
    .map(({ path }) => mountPath + path)
  const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'].map(name => container[name].httpGet)
  expect(probes.map(({ port }) => port)).toEqual(['http', 'http', 'http'])
  const [, ofImage = ''] = /HEALTHCHECK [\s\S]*?(\/api\/v1\/\w+)/.exec(dockerfile) ?? []
  for (const path of [ofImage, ...probes.map(({ path }) => path)]) expect(open).toContain(path)
  expect(container.readinessProbe.httpGet.path).toBe(`${mountPath}/ready`)
})

test('all files mean the same port, and the port of the metrics', () => {
  expect(settingOf(dockerfile, 'CLAUDE_CODE_API_PORT')).toBe(port)
  expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${port}$`, 'm'))
  expect(compose.ports).toEqual([`127.0.0.1:${port}:${port}`])
  expect(read('nginx.conf')).toContain(`server 127.0.0.1:${port};`)
  expect(read('Caddyfile')).toContain(`127.0.0.1:${port} {`)
  const metricsPort = environmentOf('CLAUDE_CODE_API_METRICS_PORT')
  expect(container.ports).toEqual([
    { name: 'http', containerPort: Number(port) },
    { name: 'metrics', containerPort: Number(metricsPort) },
  ])
  expect(deployment.spec.template.metadata.annotations['prometheus.io/port']).toBe(metricsPort)
})

test.each<[string, string | undefined, string | number | undefined]>([
  ['compose', compose.environment.CLAUDE_CODE_API_DRAIN_TIMEOUT_MS, compose.stop_grace_period],
  ['kubernetes', environmentOf('CLAUDE_CODE_API_DRAIN_TIMEOUT_MS'), pod.terminationGracePeriodSeconds],
  ['systemd', settingOf(unit, 'CLAUDE_CODE_API_DRAIN_TIMEOUT_MS'), settingOf(unit, 'TimeoutStopSec')],
])('%s lets the drain end, and gives what follows it twenty seconds', (_name, drainMs, grace) => {
  expect(Number.parseInt(String(grace), 10)).toBeGreaterThanOrEqual(Number(drainMs) / 1000 + 20)
})

describe('the image', () => {
  test('has directories in its volumes, which compose and Kubernetes keep', () => {
    const volumes: string[] = JSON.parse(/^VOLUME (.*)$/m.exec(dockerfile)?.[1] ?? '[]')
    for (const name of ['CLAUDE_CODE_API_DATA_DIR', 'CLAUDE_CODE_API_ALLOWED_ROOTS', 'CLAUDE_CONFIG_DIR']) {
      expect(volumes.some(volume => `${settingOf(dockerfile, name)}/`.startsWith(`${volume}/`))).toBe(true)
    }
    expect(compose.volumes.map((text: string) => text.split(':')[1])).toEqual(volumes)
    const mounts = container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)
    expect(mounts).toEqual(expect.arrayContaining([...volumes, '/home/claude', '/tmp']))
  })

  test('has one user without rights, named by number everywhere', () => {
    const [, uid] = /^USER (\d+):\1$/m.exec(dockerfile) ?? []
    expect(dockerfile).toContain(`--uid ${uid} `)
    expect(compose.tmpfs.join()).toContain(`uid=${uid},gid=${uid}`)
    const { runAsUser, runAsGroup, fsGroup, runAsNonRoot } = pod.securityContext
    expect({ runAsUser, runAsGroup, fsGroup }).toEqual({
      runAsUser: Number(uid),
      runAsGroup: Number(uid),
      fsGroup: Number(uid),
    })
    expect(runAsNonRoot).toBe(true)
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })
})

test('Kubernetes never runs two servers, and knows every file and volume that it names', () => {
  expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
  const { resources } = parse(read('kubernetes/kustomization.yaml'))
  const kinds = resources.flatMap((name: string) =>
    parseAllDocuments(read(`kubernetes/${name}`)).map(document => document.toJS()),
  )
  const claims = kinds.filter(({ kind }: { kind: string }) => kind === 'PersistentVolumeClaim')
  const claimed = pod.volumes.flatMap(
    ({ persistentVolumeClaim: claim }: Record<string, { claimName: string }>) =>
      claim ? [claim.claimName] : [],
  )
  expect(claims.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(claimed)
})
