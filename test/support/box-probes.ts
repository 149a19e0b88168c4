/** What an agent could try against the server; each probe is a shell command that succeeds if it gets through. */
export interface ProbeTargets {
  /** The file of another session. */
  otherFile: string
  dataDir: string
  /** The configuration directory of the server's Claude Code. */
  claudeDir: string
  /** The port of the server, and another one on loopback. */
  ports: { server: number; other: number }
  /** A secret in the environment of the server's Claude Code. */
  secret: string
}

const connect = (host: string, port: number) => `timeout 5 bash -c 'exec 3<>/dev/tcp/${host}/${port}'`

export function toProbes({ otherFile, dataDir, claudeDir, ports, secret }: ProbeTargets) {
  return {
    'own directory': 'touch own-file',
    'programs of the machine': 'git --version',
    'file of another session': `cat ${otherFile}`,
    'writing into another session': `touch ${otherFile}-new`,
    database: `cat ${dataDir}/claude-code-api.db`,
    'secret.key': `cat ${dataDir}/secret.key`,
    'conversations of others': `ls ${dataDir}/boxes/conversations`,
    "login of the server's user": `ls ${claudeDir}`,
    'host name of the machine': `test "$(hostname)" != box`,
    'passwords of the machine': 'cat /etc/shadow',
    'processes of the server': `grep -l vitest /proc/[0-9]*/cmdline`,
    'API key': `cat /proc/[0-9]*/environ | grep -a ${secret}`,
    'port of the server': connect('127.0.0.1', ports.server),
    'another port on loopback': connect('127.0.0.1', ports.other),
    'settings of the kernel': 'test -w /proc/sys/kernel/core_pattern',
    'control groups': 'test -e /sys/fs/cgroup',
    disks: 'ls /dev/disk /dev/vda /dev/sda',
    'programs of the machine, writing': 'test -w /usr/bin',
    'root directory, writing': 'test -w /',
    'being root': 'test $(id -u) = 0',
  }
}

/** One script for all probes. It prints a line for each: the name, a tab, `yes` or `no`. */
export function toScript(probes: Record<string, string>): string {
  return Object.entries(probes)
    .map(
      ([name, command]) => `(${command}) >/dev/null 2>&1 && r=yes || r=no; printf '%s\\t%s\\n' "${name}" $r`,
    )
    .join('\n')
}

export function parseResults(text: string): Record<string, boolean> {
  return Object.fromEntries(
    [...text.matchAll(/^(.+)\t(yes|no)$/gm)].map(([, name = '', result]) => [name, result === 'yes']),
  )
}
