// Saved outputs of talosctl: the files of a folder, bounded.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_STREAM_BYTES } from '#harness/talos/node/stream.ts'
import type { SavedOutput } from '#harness/talos/node/observed.ts'
import { readBounded } from '../judge/bounded-file.ts'
import { UsageError } from '../cli/command-line.ts'
import { unreadable } from '../judge/usage-error.ts'

/** `extensions.json`, `services.192.0.2.11.txt`; other files of the folder are passed over. */
const NAME = /^(?:[a-z]+\.json|services(?:\..+)?\.txt)$/
const MAX_FILES = 2000
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there: expected a folder with saved outputs of talosctl (--collect writes one)',
  ENOTDIR: 'is no folder: expected the one that it is in, or that --collect wrote',
}

/** Files in the order of their names. UsageError for a folder that cannot be read, or that has none of them. */
export async function readSaved(folder: string): Promise<readonly SavedOutput[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === undefined ? undefined : REASONS[cause.code]
    throw reason === undefined ? unreadable(folder, cause) : new UsageError(`${folder} ${reason}`, { cause })
  })
  const own = names.filter((name) => NAME.test(name)).toSorted()
  if (own.length === 0)
    throw new UsageError(
      `${folder} has no saved output of talosctl: expected files such as extensions.json and services.txt (--collect writes them)`,
    )
  if (own.length > MAX_FILES) throw new UsageError(`${folder} has ${own.length} files, more than ${MAX_FILES}`)
  const outputs: SavedOutput[] = []
  for (const name of own)
    outputs.push({ name, path: join(folder, name), bytes: await readBounded(join(folder, name), MAX_STREAM_BYTES) })
  return outputs
}
