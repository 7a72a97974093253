// Questions about the layers that more than one requirement asks.
import { MODULES_DEP, type Extensions } from '#harness/talos/extensions.ts'

const NUMBERED = /^\d+\.sqsh$/
const MODULES = 'usr/lib/modules'

/**
 * The order in which imager lists the images: the numbered ones as strings (0, 1, 10, 11, 2), since that is how it
 * lists its folders, and the module index last (siderolabs/talos internal/pkg/extensions).
 */
export function buildOrder(images: readonly string[]): readonly string[] {
  const numbered = images.filter((image) => NUMBERED.test(image)).toSorted(byCodePoint)
  const others = images.filter((image) => !NUMBERED.test(image)).toSorted(byCodePoint)
  return [...numbered, ...others]
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** Whether an extension, the index aside, brings anything under usr/lib/modules. */
export async function carriesModules(extensions: Extensions): Promise<boolean> {
  const own = (await extensions.layers()).filter(({ metadata }) => metadata.name !== MODULES_DEP)
  const trees = await Promise.all(own.map(async ({ image }) => image && (await image.squashfs()).tree()))
  return trees.some((tree) => tree !== undefined && tree.has(MODULES))
}
