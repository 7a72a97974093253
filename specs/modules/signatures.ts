// Faults of the signatures of modules.
import type { X509Certificate } from 'node:crypto'
import { HarnessError } from '#harness/errors.ts'
import type { KernelModule } from '#harness/formats/modules/module.ts'
import { verifyModuleSignature } from '#harness/formats/modules/signature.ts'
import { parsePkcs7 } from '#harness/formats/der/pkcs7.ts'
import { BASE, type InstalledModule } from '#harness/talos/modules.ts'

/**
 * `path: reason` of every module whose signature does not hold, or is not by the one key of the base modules. With
 * certificates from the kernel each is verified; without any, the key ids are compared.
 */
export async function signatureFindings(
  modules: readonly InstalledModule[],
  certificates: readonly X509Certificate[],
): Promise<readonly string[]> {
  const signed: { readonly path: string; readonly isBase: boolean; readonly keyId: string }[] = []
  const findings: string[] = []
  for (const { path, owner, read } of modules) {
    const found = await verify(read, certificates)
    if (found.keyId === undefined) findings.push(`${path}: ${found.reason}`)
    else signed.push({ path, isBase: owner === BASE, keyId: found.keyId })
  }
  const key = signed.find(({ isBase }) => isBase)?.keyId
  for (const { path, keyId } of signed)
    if (keyId !== key) findings.push(`${path}: expected the key of the base modules, got ${keyId}`)
  return findings
}

type Verified =
  | { readonly keyId: string; readonly reason?: undefined }
  | { readonly keyId?: undefined; readonly reason: string }

async function verify(read: () => Promise<KernelModule>, certificates: readonly X509Certificate[]): Promise<Verified> {
  const module = await read()
  if (module.trailers !== 1) return { reason: `expected one signature, got ${module.trailers}` }
  try {
    if (certificates.length > 0) return { keyId: (await verifyModuleSignature(module, certificates)).keyId }
    const { bytes = new Uint8Array(0), offset = 0 } = module.signature ?? {}
    const [signer] = parsePkcs7(bytes, module.where, offset).signers
    return signer === undefined ? { reason: 'expected a signer, got none' } : { keyId: signer.keyId }
  } catch (error) {
    if (error instanceof HarnessError) return { reason: error.message }
    throw error
  }
}
