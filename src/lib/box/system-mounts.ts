import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** The parts of `/etc` that programs need and that hold no secrets. Each may be missing. */
const settings = [
  ...['alternatives', 'ssl', 'ca-certificates', 'pki', 'crypto-policies', 'fonts', 'terminfo', 'mime.types'],
  ...['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'localtime', 'timezone', 'os-release', 'debian_version'],
  ...['magic', 'protocols', 'services', 'shells', 'python3', 'perl', 'java', 'maven', 'gai.conf'],
]

/** Parts of `/proc` that are about the machine rather than the box: kernel memory, keys, devices. */
const hidden = {
  files: ['kcore', 'keys', 'kmsg', 'kpagecgroup', 'kpagecount', 'kpageflags', 'latency_stats', 'sched_debug'],
  moreFiles: ['slabinfo', 'timer_list', 'timer_stats', 'vmallocinfo', 'sysrq-trigger', 'pagetypeinfo'],
  directories: ['acpi', 'asound', 'scsi'],
}

/** Returns the arguments for bubblewrap that mount the programs of this machine, read-only. */
export function toSystemArguments(): string[] {
  return ['--ro-bind', '/usr', '/usr', ...topArguments(), ...settings.flatMap(toSettingArguments)]
}

/** `/bin`, `/lib` and the like: links to `/usr` on most systems. */
function topArguments(): string[] {
  return readdirSync('/').flatMap(name => {
    if (!/^(bin|sbin|lib\w*)$/.test(name)) return []
    const path = join('/', name)
    if (lstatSync(path).isSymbolicLink()) return ['--symlink', readlinkSync(path), path]
    return ['--ro-bind', path, path]
  })
}

function toSettingArguments(name: string): string[] {
  const path = join('/etc', name)
  return ['--ro-bind-try', path, path]
}

/**
 * Returns the arguments that mount the kernel's own file systems. All of `/proc` is read-only: a box of root's would
 * otherwise have root's access to `/proc/sys`, where it could name a program that the kernel runs outside.
 */
export function toKernelArguments(): string[] {
  const names = new Set(readdirSync('/proc'))
  const files = [...hidden.files, ...hidden.moreFiles].filter(name => names.has(name))
  const directories = hidden.directories.filter(name => names.has(name))
  return [
    ...['--proc', '/proc', '--dev', '/dev'],
    ...files.flatMap(name => ['--ro-bind', '/dev/null', join('/proc', name)]),
    ...directories.flatMap(name => ['--tmpfs', join('/proc', name), '--remount-ro', join('/proc', name)]),
    ...['--remount-ro', '/proc'],
  ]
}
