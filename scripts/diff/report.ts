// The report of a comparison: one value, of which everything that is printed or written is a rendering.
import { z } from 'zod'
import { changeSchema } from '../drift/changes/change.ts'
import type { Compared } from './compare.ts'
import { pieceSchema } from './facts.ts'
import type { Side } from './side.ts'

const names = z.array(z.string()).readonly()

const sideSchema = z.strictObject({
  name: z.string(),
  talos: z.string().optional(),
  architecture: z.string(),
  variant: z.string().optional(),
  signer: z.string().optional(),
  kernel: z.string().optional(),
  /** `zfs 2.3.3-v1.11.5` */
  extensions: names,
  sizes: z.strictObject({ all: z.int().optional(), kernel: z.int(), base: z.int(), extensions: z.int() }).optional(),
  /** What boots, piece by piece. */
  pieces: z.array(pieceSchema).readonly().optional(),
})

export const diffSchema = z.strictObject({
  schema: z.literal(1),
  effect: z.enum(['same', 'differs', 'breaks']),
  was: sideSchema,
  is: sideSchema,
  /** The worst first. */
  changes: z.array(changeSchema).readonly(),
  /** Paths, with `!` between a container and what is inside of it; where files were compared. */
  files: z.strictObject({ gone: names, added: names, changed: names }).optional(),
})

export type Diff = Readonly<z.infer<typeof diffSchema>>
export type DiffSide = Diff['was']

export const EXIT = { same: 0, differs: 3, breaks: 1 } as const

export function toReport(was: Side, is: Side, { changes, files }: Compared): Diff {
  const isSame = changes.length === 0 && (files === undefined || Object.values(files).every((one) => one.length === 0))
  const breaks = changes.some(({ effect }) => effect === 'breaks')
  return {
    schema: 1,
    effect: breaks ? 'breaks' : isSame ? 'same' : 'differs',
    was: describeSide(was),
    is: describeSide(is),
    changes,
    ...(files !== undefined && { files }),
  }
}

function describeSide({ name, talos, architecture, variant, signer, image, release }: Side): DiffSide {
  const { boot, extensions = [] } = image ?? release ?? {}
  return {
    name,
    ...(talos !== undefined && { talos }),
    architecture,
    ...(variant !== undefined && { variant }),
    ...(signer !== undefined && { signer }),
    ...(boot?.kernel.release !== undefined && { kernel: boot.kernel.release }),
    extensions: extensions.map((one) => `${one.name} ${one.version}`),
    ...(image !== undefined && { sizes: image.sizes, pieces: image.pieces }),
  }
}
