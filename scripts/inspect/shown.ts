// What is shown of a node: itself, and what is inside as far as it is shown without being asked for; as plain JSON.
import { unreadable, type Facts, type Inside, type Node } from './node.ts'

export type Shown = {
  readonly name: string
  readonly kind: string
  readonly size: number
  readonly facts: Facts
  readonly parts?: readonly Shown[]
}

/** Containers in containers: an image has a UKI, an initramfs, segments, squashfs. */
const MAX_DEPTH = 8

/** `whole` opens the node itself, and of squashfs and folders inside it nothing. */
export async function show(node: Node, whole = true, depth = 0): Promise<Shown> {
  const { name, kind, size, facts } = node
  const isOpened = (whole || node.shown === true) && depth < MAX_DEPTH
  const inside = isOpened && node.open !== undefined ? await read(node.open) : undefined
  // The files of a squashfs are many: one that is not meant itself is told by its facts.
  const isListed = inside !== undefined && (whole || kind !== 'squashfs')
  const parts: Shown[] = []
  if (isListed) for (const part of inside.parts) parts.push(await show(part, false, depth + 1))
  return { name, kind, size, facts: { ...facts, ...inside?.facts }, ...(parts.length > 0 && { parts }) }
}

async function read(open: () => Promise<Inside>): Promise<Pick<Inside, 'facts' | 'parts'>> {
  try {
    return await open()
  } catch (error) {
    return { facts: unreadable(error), parts: [] }
  }
}

/** True where something of it could not be read. */
export function hasUnreadable({ facts, parts = [] }: Shown): boolean {
  return 'unreadable' in facts || parts.some(hasUnreadable)
}
