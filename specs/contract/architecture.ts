// The architecture that the images of a contract are for. One is judged and built: every reader of bytes, every fact
// about releases and every rule below knows arm64, and half a judgement of another would be worse than none.

export const ARCHITECTURES = ['arm64'] as const
type Architecture = (typeof ARCHITECTURES)[number]
type OfContract = { readonly architecture?: Architecture | undefined }

/** As an image's configuration and Go call it; arm64 where the contract does not say. */
export function architectureOf({ architecture = 'arm64' }: OfContract): Architecture {
  return architecture
}

/** As the headers of programs and kernels call it. */
export function machineOf(contract: OfContract): string {
  return MACHINES[architectureOf(contract)]
}

const MACHINES: Readonly<Record<Architecture, string>> = { arm64: 'aarch64' }
