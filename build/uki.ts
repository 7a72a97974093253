// The unified kernel image: upstream's stub, the sections of the boot entry, and the profile that resets a machine
// (siderolabs/talos internal/pkg/uki, pkg/imager/imager.go).
import type { Quirks } from '#harness/talos/quirks.ts'
import type { Content, Streamed } from './formats/content.ts'
import { streamPe, type StreamedSection } from './formats/pe-sections.ts'

export type UkiParts = {
  readonly stub: Uint8Array
  /** `/etc/os-release` of the root filesystem. */
  readonly osRelease: Uint8Array
  readonly commandLine: string
  /** Arguments of the profile that resets the machine. */
  readonly resetCommandLine: string
  readonly kernelRelease: string
  readonly kernel: Content
  readonly initramfs: Content
  /** Seconds since 1970. */
  readonly time: number
}

/** The name in the boot menu of the profile of `installerProfile` (profile.Profile in pkg/imager/imager.go). */
const RESET_TITLE = 'Reset to maintenance mode'

/** One file of known size, made while it is read. Errors of `streamPe`. */
export function composeUki(parts: UkiParts, quirks: Pick<Quirks, 'ukiSectionOrder' | 'installerProfile'>): Streamed {
  const main: Readonly<Record<string, Content>> = {
    '.osrel': parts.osRelease,
    '.cmdline': Buffer.from(parts.commandLine),
    '.uname': Buffer.from(parts.kernelRelease),
    '.linux': parts.kernel,
    '.initrd': parts.initramfs,
    '.profile': Buffer.from('ID=main'),
  }
  const sections = quirks.ukiSectionOrder.flatMap((name): StreamedSection[] => {
    const data = main[name]
    return data === undefined ? [] : [{ name, data }]
  })
  return streamPe(
    parts.stub,
    [
      ...sections,
      { name: '.profile', data: Buffer.from(`ID=${quirks.installerProfile.id}\nTITLE=${RESET_TITLE}`) },
      { name: '.cmdline', data: Buffer.from(parts.resetCommandLine) },
    ],
    { timeDateStamp: parts.time },
  )
}
