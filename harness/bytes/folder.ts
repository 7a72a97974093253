// Folders that may have to be made first.
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

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
