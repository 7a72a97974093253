// From a path to what it names inside an image: `usr/install/arm64/vmlinuz.efi!.initrd!segment 1!extensions.yaml`.
import { UsageError } from '../judge/usage-error.ts'
import type { Node } from './node.ts'

const MAX_NAMED = 12

export type FoundNode = {
  readonly node: Node
  /** True where the inside is meant rather than the bytes. */
  readonly inside: boolean
}

/** UsageError, with the names that there are, for what is not there. HarnessError for what cannot be opened. */
export async function findNode(root: Node, path: string): Promise<FoundNode> {
  const names = path.split('!')
  const inside = names.at(-1) === ''
  let node = root
  let before = ''
  for (const name of inside ? names.slice(0, -1) : names) {
    const opened = await node.open?.()
    const next = opened?.find(name)
    if (next === undefined) {
      const all = opened?.parts.map((part) => part.name) ?? []
      const there =
        all.length === 0 ? 'nothing' : `${all.slice(0, MAX_NAMED).join(', ')}${all.length > MAX_NAMED ? ', …' : ''}`
      throw new UsageError(`${before === '' ? root.name : before}: expected ${name} inside, got ${there}`)
    }
    before = before === '' ? name : `${before}!${name}`
    node = next
  }
  return { node, inside: inside || node.data === undefined }
}
