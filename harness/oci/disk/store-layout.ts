// An image layout as a folder. Blobs are read where they are; links that lead out of the folder are not followed.
import { realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fileSource, memberLocation, type ByteSource } from '../../bytes/source.ts'
import { FormatError, HarnessError } from '../../errors.ts'
import { openFile, wrapErrors } from '../image/files.ts'
import { layoutStore } from './layout.ts'
import type { LayoutReference } from '../image/reference.ts'
import type { ContentStore } from '../store.ts'

const FORMAT = 'oci'

/** NotFoundError MANIFEST_UNKNOWN where the folder is not there, FormatError MALFORMED where it is something else. */
export async function openLayout(reference: LayoutReference): Promise<ContentStore> {
  const { path } = reference
  const root = await wrapErrors(path, FORMAT, async () => {
    if (!(await stat(path)).isDirectory())
      throw new FormatError(FORMAT, 'MALFORMED', 'expected a folder, got a file', { at: { path } })
    return realpath(path)
  })
  const opened = new Map<string, Promise<ByteSource | undefined>>()
  const closers: (() => Promise<void>)[] = []
  let isClosed = false

  const openMember = async (member: string): Promise<ByteSource | undefined> => {
    const target = await resolveInside(root, member, path)
    if (target === undefined) return undefined
    const { file, size } = await openFile(target, FORMAT)
    if (isClosed) await file.close()
    else closers.push(() => file.close())
    return fileSource(file, size, memberLocation({ path }, member))
  }
  return layoutStore(reference, {
    open(member) {
      const known = opened.get(member) ?? openMember(member)
      opened.set(member, known)
      return known
    },
    async close() {
      isClosed = true
      await Promise.all(closers.splice(0).map((close) => close()))
    },
  })
}

/** The real path of a member; a link to `/etc/shadow` under the name of a blob is an attack on whoever reads it. */
async function resolveInside(root: string, member: string, path: string): Promise<string | undefined> {
  try {
    const target = await wrapErrors(path, FORMAT, () => realpath(join(root, member)))
    if (target.startsWith(root.endsWith(sep) ? root : root + sep)) return target
  } catch (error) {
    if (error instanceof HarnessError && error.code === 'MANIFEST_UNKNOWN') return undefined
    throw error
  }
  throw new FormatError(FORMAT, 'MALFORMED', 'expected a file in the layout, got a link that leads out of it', {
    at: memberLocation({ path }, member),
  })
}
