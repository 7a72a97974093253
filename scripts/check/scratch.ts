// The folder for temporary files of the steps: in memory, where there is much of it. Tests make, rename and remove some
// hundred thousand small files, which takes a sixth of their processor time on a file system of a disk.
import { accessSync, constants, statfsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { passingFolder, type PassingFolder } from '#harness/bytes/folder.ts'

/** Where Linux has a file system in memory for everybody; a container may have one of 64 MiB. */
const SHARED_MEMORY = '/dev/shm'
/** What the steps write at one time, several times over. */
const FREE_BYTES = 2 * 2 ** 30
/** With what the steps need themselves, two at a time. */
const FREE_MEMORY = 8 * 2 ** 30

/** True where two long steps may run side by side, and temporary files be in memory. */
export function hasMemory(): boolean {
  return process.availableMemory() >= FREE_MEMORY
}

type Machine = { readonly folder: string; readonly memory: number }

/** A new folder, removed when it is disposed of, or when the process exits. */
export async function makeScratch(): Promise<PassingFolder> {
  const parent = scratchParent({ folder: SHARED_MEMORY, memory: process.availableMemory() })
  return passingFolder(await mkdtemp(join(parent, 'talos-check-')))
}

/** `folder` where it can be written and has room, and the machine has `memory` in bytes to spare; else the system's. */
export function scratchParent({ folder, memory }: Machine, [room, spare] = [FREE_BYTES, FREE_MEMORY]): string {
  if (memory < spare || process.env['TMPDIR'] !== undefined) return tmpdir()
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize < room ? tmpdir() : folder
  } catch {
    return tmpdir()
  }
}
