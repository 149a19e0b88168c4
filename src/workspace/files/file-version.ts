import type { BigIntStats } from 'node:fs'

/**
 * Names the state of a file by where it is stored and when that changed, in nanoseconds: known before the first
 * byte is read, however long the file is. The time of change (`ctime`) is set by the kernel alone, so a program
 * that puts the time of modification back does not hide its change. What replaces a file has another inode.
 * A hash of the content would be exact even where the clock of a file system is coarse, but every range of a
 * long file would cost a reading of all of it.
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

/** Kept to what a date can say: a file system may claim any time. */
export function toEpochMs({ mtimeNs }: BigIntStats): number {
  return Math.min(Math.max(Number(mtimeNs / 1_000_000n), -62_135_596_800_000), 253_402_300_799_999)
}
