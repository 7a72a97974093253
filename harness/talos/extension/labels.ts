// The labels of SELinux that an extension's files carry: the lock's `labels`. imager unpacks an extension with them since
// v1.12.0-alpha.1, and lost them before (siderolabs/talos pkg/archiver/untar.go, commit 493f7ed9d). Firmware has none: the
// archive that it goes to cannot say them.
import { createHash } from 'node:crypto'
import type { FileTree } from '../../fs/file-tree.ts'
import { FIRMWARE_FOLDER } from './content.ts'

const LABEL = 'security.selinux'

/** `path NUL label`, sorted, of all but firmware; the root's path is empty. */
export function labelsOf(tree: FileTree): readonly string[] {
  const root = tree.get('')
  return [...(root === undefined ? [] : [root]), ...tree.under('')]
    .filter(({ path }) => path !== FIRMWARE_FOLDER && !path.startsWith(`${FIRMWARE_FOLDER}/`))
    .flatMap(({ path, xattrs }) => {
      const label = xattrs?.get(LABEL)
      return label === undefined ? [] : [`${path}\0${Buffer.from(label).toString('latin1')}`]
    })
    .toSorted((a, b) => (a < b ? -1 : Number(a > b)))
}

/** sha256 over the labels, each with a line feed, 64 hex digits; undefined without any. */
export function labelsDigest(tree: FileTree): string | undefined {
  const labels = labelsOf(tree)
  if (labels.length === 0) return undefined
  const hash = createHash('sha256')
  for (const label of labels) hash.update(`${label}\n`)
  return hash.digest('hex')
}
