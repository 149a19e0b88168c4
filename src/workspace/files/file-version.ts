import type { BigIntStats } from 'node:fs'

/**
 * Returns the version of a file from its size, inode and times in nanoseconds, without reading it. Only the kernel
 * sets the change time (`ctime`), so a program that resets the modification time cannot hide a change. A replacement
 * has another inode. A hash of the content would be exact even with a coarse clock, but each range of a long file
 * would cost reading all of it.
 */
export function toTag({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string {
  return [size, mtimeNs, ctimeNs, ino].map(part => part.toString(36)).join('-')
}

export function toVersion(stats: BigIntStats, path: string) {
  return {
    path,
    sizeBytes: Number(stats.size),
    modifiedAt: toEpochMs(stats),
    tag: toTag(stats),
  }
}

/** Limits a time to the range of dates, because a file system may report any time. */
export function toEpochMs({ mtimeNs }: BigIntStats): number {
  return Math.min(Math.max(Number(mtimeNs / 1_000_000n), -62_135_596_800_000), 253_402_300_799_999)
}
