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

const cluster = parse(read('compose.cluster.yaml'), { merge: true }).services
const [statefulSet] = parseAllDocuments(read('kubernetes-cluster/statefulset.yaml')).map(document =>
  document.toJS(),
)
const clusterPod = statefulSet.spec.template.spec
const [clusterContainer] = clusterPod.containers

/** The value of a variable or a setting, as Dockerfiles and units write it. */
const settingOf = (text: string, name: string) => new RegExp(`\\b${name}=(\\S+)`).exec(text)?.[1]
const environmentOf = (name: string, of = container) =>
  of.env.find((entry: { name: string }) => entry.name === name)?.value as string

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
  [
    'the cluster of compose',
    cluster['node-a'].environment.CLAUDE_CODE_API_DRAIN_TIMEOUT_MS,
    cluster['node-a'].stop_grace_period,
  ],
  [
    'the cluster of kubernetes',
    environmentOf('CLAUDE_CODE_API_DRAIN_TIMEOUT_MS', clusterContainer),
    clusterPod.terminationGracePeriodSeconds - Number(clusterContainer.lifecycle.preStop.exec.command[1]),
  ],
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

describe('several nodes', () => {
  const nodes = ['node-a', 'node-b', 'node-c']
  const variablesOf = (name: string): Record<string, string> => cluster[name].environment

  test('of compose differ in name, address and data only, and HAProxy knows all of them', () => {
    const differing = nodes.map(name => {
      const {
        CLAUDE_CODE_API_CLUSTER_NAME: own,
        CLAUDE_CODE_API_CLUSTER_URL: url,
        ...same
      } = variablesOf(name)
      expect([own, url]).toEqual([name, `http://${name}:3051`])
      return same
    })
    expect(new Set(differing.map(same => JSON.stringify(same))).size).toBe(1)
    const volumes = nodes.map(name => cluster[name].volumes)
    expect(new Set(volumes.map(([data]) => data)).size).toBe(3)
    expect(new Set(volumes.map(([, workspaces]) => workspaces)).size).toBe(1)
    const { environment, ports } = cluster.haproxy
    expect([environment.NODE_A, environment.NODE_B, environment.NODE_C]).toEqual(
      nodes.map(name => `${name}:${port}`),
    )
    expect(ports).toEqual([`127.0.0.1:${port}:${environment.BIND.split(':')[1]}`])
  })

  test.each([
    ['compose', variablesOf('node-a').CLAUDE_CODE_API_CLUSTER_VOLUMES],
    ['kubernetes', environmentOf('CLAUDE_CODE_API_CLUSTER_VOLUMES', clusterContainer)],
  ])('of %s share the roots of the image, and the directories that the server makes', (name, volume) => {
    expect(settingOf(dockerfile, 'CLAUDE_CODE_API_ALLOWED_ROOTS')).toBe(volume)
    const own =
      name === 'compose'
        ? variablesOf('node-a').CLAUDE_CODE_API_WORKSPACES_DIR
        : environmentOf('CLAUDE_CODE_API_WORKSPACES_DIR', clusterContainer)
    expect(own?.startsWith(`${volume}/`)).toBe(true)
  })

  test('of Kubernetes have ports, probes and claims that fit each other', () => {
    const listen = environmentOf('CLAUDE_CODE_API_CLUSTER_LISTEN', clusterContainer)
    expect(clusterContainer.ports).toEqual([
      { name: 'http', containerPort: Number(port) },
      { name: 'nodes', containerPort: Number(listen.split(':')[1]) },
      {
        name: 'metrics',
        containerPort: Number(environmentOf('CLAUDE_CODE_API_METRICS_PORT', clusterContainer)),
      },
    ])
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      expect(clusterContainer[probe]).toEqual(container[probe])
    }
    expect(clusterContainer.securityContext).toEqual(container.securityContext)
    expect(clusterPod.securityContext).toEqual(pod.securityContext)
    const { resources } = parse(read('kubernetes-cluster/kustomization.yaml'))
    const objects = resources.flatMap((file: string) =>
      parseAllDocuments(read(`kubernetes-cluster/${file}`)).map(document => document.toJS()),
    )
    const named = (kind: string) =>
      objects
        .filter((object: { kind: string }) => object.kind === kind)
        .map(({ metadata }: { metadata: { name: string } }) => metadata.name)
    expect(named('Service')).toContain(statefulSet.spec.serviceName)
    expect(environmentOf('CLAUDE_CODE_API_CLUSTER_URL', clusterContainer)).toBe(
      `http://$(CLAUDE_CODE_API_CLUSTER_NAME).${statefulSet.spec.serviceName}:3051`,
    )
    const mounts = clusterContainer.volumeMounts.map(({ name }: { name: string }) => name)
    const ofPod = clusterPod.volumes.map(({ name }: { name: string }) => name)
    const ofTemplates = statefulSet.spec.volumeClaimTemplates.map(
      ({ metadata }: { metadata: { name: string } }) => metadata.name,
    )
    expect(mounts.sort()).toEqual([...ofPod, ...ofTemplates].sort())
    expect(named('PersistentVolumeClaim')).toEqual(['workspaces'])
    expect(named('PodDisruptionBudget')).toHaveLength(1)
  })
})
