// The folder in which vitest keeps a token of a server that is never started here: by default in the home, where Node
// tries for ever if no folder can be made (below /proc), and else beside vitest, which may be read-only.
import { makeTemporaryFolder } from '#harness/bytes/folder.ts'

/** How many runs of this process are in it, and the variable as it was before the first. */
let users = 0
let before: string | undefined

/** Runs `work` with `$XDG_DATA_HOME` in a folder of its own, which is gone afterwards. */
export async function withDataFolder<T>(work: () => Promise<T>): Promise<T> {
  await using folder = await makeTemporaryFolder('talos-image-')
  if (users === 0) before = process.env['XDG_DATA_HOME']
  users++
  process.env['XDG_DATA_HOME'] = folder.path
  try {
    return await work()
  } finally {
    users--
    // Runs may overlap, and vitest makes the folder that it is named once more if it has gone.
    if (users === 0) {
      if (before === undefined) delete process.env['XDG_DATA_HOME']
      else process.env['XDG_DATA_HOME'] = before
    }
  }
}
