// Folders that may have to be made first, and folders that do not outlive the process.
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** A folder that is removed with all that is in it: when it is disposed of, or else when the process exits. */
export type PassingFolder = { readonly path: string; [Symbol.asyncDispose](): Promise<void> }

const passing = new Set<string>()
let isWatched = false

/** A new folder of the system for temporary files. */
export async function makeTemporaryFolder(prefix: string): Promise<PassingFolder> {
  return passingFolder(await mkdtemp(join(tmpdir(), prefix)))
}

/** Takes a folder that is there for a passing one. */
export function passingFolder(path: string): PassingFolder {
  passing.add(path)
  if (!isWatched) process.once('exit', removePassing)
  isWatched = true
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true })
      passing.delete(path)
    },
  }
}

/** What is still there when the process exits, as it does on an interruption that nothing answers. */
export function removePassing(): void {
  for (const path of passing) rmSync(path, { recursive: true, force: true })
  passing.clear()
}

/**
 * Makes `path` and what is missing above it. One step at a time: below /proc Node's own `recursive` (26.10) tries for
 * ever, where the kernel says ENOENT for a folder that cannot be made.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const target = resolve(path)
  try {
    await mkdir(target, { mode })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(target) === target) throw error
    await makeFolder(dirname(target), mode)
    await mkdir(target, { mode }).catch((again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST') throw again
    })
  }
}
