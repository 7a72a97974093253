// What was known of a file of the cache when its bytes were last hashed: as long as size and time are these, they hold.
import { readFile } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { z } from 'zod'

export type FileRecord = { readonly size: number; readonly modified: string; readonly boot: string }

const recordSchema = z.strictObject({ size: z.int().nonnegative(), modified: z.string(), boot: z.string() })

/** Undefined for what is no record; whoever reads it hashes the file then. */
export async function readRecord(path: string): Promise<FileRecord | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}

/** The record that a file with these bytes would have now. */
export async function describeFile({ size, mtimeNs }: BigIntStats): Promise<FileRecord> {
  return { size: Number(size), modified: String(mtimeNs), boot: await bootId() }
}

export function isSameFile(record: FileRecord | undefined, now: FileRecord): boolean {
  return record?.size === now.size && record.modified === now.modified && record.boot === now.boot
}

let boot: Promise<string> | undefined

/**
 * Which start of the machine this is. Files are not flushed to the disk before they get their name, which is slow; after
 * a crash of the machine they may have the right size and the wrong bytes, so after a start each is hashed once. '' where
 * there is no such id: there files are flushed.
 */
export function bootId(): Promise<string> {
  boot ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => '',
  )
  return boot
}
