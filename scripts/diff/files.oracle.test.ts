// The files that differ between two images, against unsquashfs, cpio and diff -r on the same images.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAll } from '#harness/bytes/source.ts'
import { parseReference } from '#harness/oci/image/reference.ts'
import { ROOT } from '../root.ts'
import { openPart } from '../judge/candidates/part.ts'
import { compareFiles, readFileSet, type FileSet } from './files.ts'

const run = promisify(execFile)
const MAX_BYTES = 64 << 20

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'diff-oracle-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Our file set, and the trees of rootfs and extensions as unsquashfs unpacks what imager packed. */
async function unpack(name: string): Promise<FileSet> {
  const archive = join(ROOT, 'fixtures/golden', name, 'installer-arm64.tar')
  const part = await openPart('installer', parseReference(`docker-archive:${archive}`), { cacheFolder: folder })
  try {
    const root = join(folder, name)
    await mkdir(root)
    const squash = async (as: string, bytes: Uint8Array): Promise<void> => {
      await writeFile(join(folder, `${name}.sqsh`), bytes)
      await run('unsquashfs', ['-no-progress', '-ignore-errors', '-dest', join(root, as), join(folder, `${name}.sqsh`)])
    }
    await squash('rootfs', await readAll((await part.talos.rootfs()).squashfs.source, MAX_BYTES))
    for (const { metadata, image } of await (await part.talos.extensions()).layers())
      if (image !== undefined) await squash(metadata.name, await readAll(image.data, MAX_BYTES))
    return await readFileSet(part)
  } finally {
    await part.talos.close()
  }
}

/** Lines of diff -r as our paths: `Only in A/zfs/usr: lib`, `Files A/x and B/x differ`, `File A/x is a … while file B/x is a …`. */
async function diffFolders(a: string, b: string) {
  const [before, after] = [join(folder, a), join(folder, b)]
  const { stdout } = await run('diff', ['-r', '--brief', '--no-dereference', before, after], {
    maxBuffer: MAX_BYTES,
  }).catch((error: { readonly code?: number; readonly stdout: string }) => {
    if (error.code === 1) return error
    throw error
  })
  const toPath = (path: string): string => path.replace(/^\/?([^/]+)\//, '$1!')
  const [gone, added, changed]: [string[], string[], string[]] = [[], [], []]
  for (const line of stdout.trim().split('\n')) {
    const [, where = '', name = ''] = /^Only in ([^:]+): (.*)$/.exec(line) ?? []
    if (where.startsWith(before)) gone.push(toPath(join(where.slice(before.length), name)))
    else if (where.startsWith(after)) added.push(toPath(join(where.slice(after.length), name)))
    else
      changed.push(toPath(/ (?:and|while file) (\S+) (?:differ|is a .*)$/.exec(line)?.[1]?.slice(after.length) ?? line))
  }
  return { gone, added, changed }
}

const isInside = (path: string): boolean => !/^(initramfs|UKI)!|^(kernel|command line|usr\/.*)$/.test(path)

describe('the files that differ', { timeout: 120_000 }, () => {
  it.each([
    ['v1.11.5-spin-only', 'v1.13.9-spin-tailscale'],
    ['v1.13.9-spin-tailscale', 'v1.14.0-rc.1-spin-tailscale'],
  ])('between %s and %s are those of diff -r', async (a, b) => {
    await Promise.all([a, b].map((name) => rm(join(folder, name), { recursive: true, force: true })))
    const ours = compareFiles(await unpack(a), await unpack(b))
    const theirs = await diffFolders(a, b)
    // diff names a folder that only one has, and nothing in it; an extension that only one has is such a folder.
    const topmost = (paths: readonly string[], other: readonly string[]): readonly string[] => {
      const found = new Set(paths.filter(isInside))
      const parent = (path: string): string => path.replace(/(?:!|\/)[^!/]*$/, '')
      const whole = new Set(other.filter((path) => !path.includes('!')).map((path) => path.replace(/^\//, '')))
      const kept = [...found].filter((path) => !found.has(parent(path)) && !whole.has(path.split('!')[0] ?? ''))
      return [...kept, ...whole].toSorted()
    }
    expect(topmost(ours.gone, theirs.gone)).toEqual(theirs.gone.map((path) => path.replace(/^\//, '')).toSorted())
    expect(topmost(ours.added, theirs.added)).toEqual(theirs.added.map((path) => path.replace(/^\//, '')).toSorted())
    const files = ours.changed.filter(isInside)
    expect(files).toEqual(theirs.changed.toSorted())
    expect(theirs.changed.length + theirs.added.length).toBeGreaterThan(5)
  })
})
