// The options under which a stream is taken in.
import type { Location } from '../errors.ts'

export type SpoolOptions = { readonly where: Location; readonly maxBytes: number; readonly format: string }
