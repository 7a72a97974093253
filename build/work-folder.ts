// The folder of a build: beside the final one, on the same disk, under a name that cannot be taken for it.
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeFolder, passingFolder, type PassingFolder } from '#harness/bytes/folder.ts'

const SUFFIX = 'partial'

/** A new folder; those of builds that were killed are removed. */
export async function makeWorkFolder(output: string): Promise<PassingFolder> {
  const parent = dirname(output)
  await makeFolder(parent)
  await sweep(parent, basename(output))
  const path = join(parent, `.${basename(output)}.${process.pid}-${randomBytes(4).toString('hex')}.${SUFFIX}`)
  await mkdir(path)
  return passingFolder(path)
}

async function sweep(parent: string, name: string): Promise<void> {
  for (const found of await readdir(parent)) {
    if (!found.startsWith(`.${name}.`) || !found.endsWith(`.${SUFFIX}`)) continue
    const [, process = ''] = /^(\d+)-[0-9a-f]{8}\./.exec(found.slice(name.length + 2)) ?? []
    if (process !== '' && !isRunning(Number(process))) await rm(join(parent, found), { recursive: true, force: true })
  }
}

/** Signal 0 asks without sending anything. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
