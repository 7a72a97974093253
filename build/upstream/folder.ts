// Upstream's parts from a folder: `installer-base`, `extensions/*` and `overlays/*` (image layouts), and the four files of imager.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileSource, type ByteSource } from '#harness/bytes/source.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import { NotFoundError } from '#harness/errors.ts'
import { lazy } from '#harness/lazy.ts'
import { openFile } from '#harness/oci/image/files.ts'
import { openStore } from '#harness/oci/open.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { hasDigest, UPSTREAM_FILES, type UpstreamParts } from './upstream.ts'

/** `folder` is looked at when something of it is asked for; images are found by their digest, whatever they are called. */
export function folderUpstream(folder: string, lock: Lock, spool: Spool): UpstreamParts {
  const closers: (() => Promise<void>)[] = []
  const layouts = lazy(() => listLayouts(folder))
  return {
    name: folder,
    lock,
    async open(image) {
      for (const path of await layouts()) {
        const store = await openStore({ kind: 'oci', path }, { spool })
        const isWanted = await store.resolve().then(
          (root) => hasDigest(root, image),
          () => false,
        )
        if (isWanted) return store
        await store.close()
      }
      throw new NotFoundError('MANIFEST_UNKNOWN', `expected ${image.reference} as ${image.digest}, got none`, {
        at: { path: folder },
      })
    },
    async file(name): Promise<ByteSource> {
      const path = join(folder, UPSTREAM_FILES[name])
      const { file, size } = await openFile(path, 'part')
      closers.push(() => file.close())
      return fileSource(file, size, { path })
    },
    async close() {
      await Promise.all(closers.splice(0).map((close) => close()))
    },
  }
}

async function listLayouts(folder: string): Promise<readonly string[]> {
  const below = async (name: string): Promise<readonly string[]> =>
    (await readdir(join(folder, name)).catch(() => [])).toSorted().map((one) => join(folder, name, one))
  const candidates = [join(folder, 'installer-base'), ...(await below('extensions')), ...(await below('overlays'))]
  const found = await Promise.all(candidates.map((path) => isLayout(path)))
  return candidates.filter((_, index) => found[index])
}

async function isLayout(path: string): Promise<boolean> {
  return stat(join(path, 'oci-layout')).then(
    (stats) => stats.isFile(),
    () => false,
  )
}
