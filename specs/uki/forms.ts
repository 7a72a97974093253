// The differences between imager's outputs in a UKI's command line and profiles: siderolabs/talos v1.12.11
// pkg/imager/imager.go (an ISO halts where Talos is installed already) and pkg/imager/out.go.
import { expectedCommandLine, type CommandLineParts } from '../contract/command-line.ts'
import type { MediumForm } from '../contract/tags.ts'

type Profile = { readonly id: string; readonly title: string; readonly argument: string }

/** The arguments of a platform on arm64: pkg/machinery/platforms and internal/app/machined/pkg/runtime of each. */
const METAL = 'talos.platform=metal console=ttyAMA0 console=tty0'
const NOCLOUD = 'talos.platform=nocloud console=tty1 console=ttyS0 net.ifnames=0'
const HALT = 'talos.halt_if_installed=1'
const ISO_PROFILE: Profile = {
  id: 'reset',
  title: 'Reset system disk',
  argument: 'talos.experimental.wipe=system',
}

/**
 * The parameters of the main command line of an installer (`form` undefined) or a medium. A medium whose own line, `found`,
 * says nocloud is one for nocloud: CozyStack publishes both.
 */
export function formCommandLine(
  form: MediumForm | undefined,
  found: readonly string[],
  parts: CommandLineParts,
): readonly string[] {
  const isNocloud = form !== undefined && found[0] === 'talos.platform=nocloud'
  const platform = isNocloud ? NOCLOUD : METAL
  const halt = form === 'iso' ? ` ${HALT}` : ''
  return expectedCommandLine({ ...parts, defaults: parts.defaults.replace(METAL, `${platform}${halt}`) })
}

/** The profiles behind `main`, where there are `count` in all: of a bare UKI none, or those of the installer's. */
export function formProfiles(form: MediumForm | undefined, count: number, installer: Profile): readonly Profile[] {
  if (form === 'iso') return [ISO_PROFILE]
  return form === 'uki' && count <= 1 ? [] : [installer]
}
