// The accessors of a part that boots from a UKI: the installer's, a bare one, or the one inside a boot medium.
import type { ByteSource } from '../../bytes/source.ts'
import type { Spool } from '../../bytes/spool.ts'
import { FormatError } from '../../errors.ts'
import type { Uki } from '../../formats/uki/uki.ts'
import { lazy } from '../../lazy.ts'
import type { TalosPart } from '../part.ts'
import { openBootFiles } from './files.ts'

type UkiPart = Pick<TalosPart, 'uki' | 'commandLine'> & ReturnType<typeof openBootFiles>

/** `uki` is called by every accessor. FormatError MALFORMED by those of a section that is absent. */
export function openUkiPart(uki: () => Promise<Uki>, spool: Spool): UkiPart {
  const section = (name: string) => async (): Promise<ByteSource> => {
    const { where, first } = await uki()
    const found = first(name)
    if (found !== undefined) return found
    throw new FormatError('uki', 'MALFORMED', `expected a section ${name}, got none`, { at: { path: where.path } })
  }
  return {
    uki,
    ...openBootFiles({ kernel: section('.linux'), initramfs: section('.initrd') }, spool),
    commandLine: lazy(async () => (await uki()).text('.cmdline')),
  }
}
