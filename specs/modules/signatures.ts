// Faults of the signatures of modules.
import { createHash, type X509Certificate } from 'node:crypto'
import { HarnessError } from '#harness/errors.ts'
import type { KernelModule } from '#harness/formats/modules/module.ts'
import { verifyModuleSignature } from '#harness/formats/modules/signature.ts'
import { parsePkcs7 } from '#harness/formats/der/pkcs7.ts'
import { BASE, type InstalledModule } from '#harness/talos/modules.ts'

/** sha256 of the certificate whose key signs the modules of an extension, by its name, where that is not the base's key. */
type DeclaredKeys = ReadonlyMap<string, string>

/**
 * `path: reason` of every module whose signature does not hold, or is not by the one key of the base modules, or by the
 * key that is declared for its extension. With certificates from the kernel each is verified; without any, the key ids
 * are compared, and a declared key is not met.
 */
export async function signatureFindings(
  modules: readonly InstalledModule[],
  certificates: readonly X509Certificate[],
  declared: DeclaredKeys = new Map(),
): Promise<readonly string[]> {
  const signed: { readonly path: string; readonly owner: string; readonly found: Signed }[] = []
  const findings: string[] = []
  for (const { path, owner, read } of modules) {
    const found = await verify(read, certificates)
    if (found.keyId === undefined) findings.push(`${path}: ${found.reason}`)
    else signed.push({ path, owner, found })
  }
  const key = signed.find(({ owner }) => owner === BASE)?.found.keyId
  for (const { path, owner, found } of signed) {
    const wanted = declared.get(owner)
    if (wanted === undefined) {
      if (found.keyId !== key) findings.push(`${path}: expected the key of the base modules, got ${found.keyId}`)
    } else if (found.certificate !== wanted)
      findings.push(`${path}: expected the key of the certificate ${wanted}, got ${found.certificate ?? found.keyId}`)
  }
  return findings
}

/** `certificate` is the sha256 of the kernel's certificate. */
type Signed = { readonly keyId: string; readonly certificate?: string; readonly reason?: undefined }
type Verified = Signed | { readonly keyId?: undefined; readonly reason: string }

async function verify(read: () => Promise<KernelModule>, certificates: readonly X509Certificate[]): Promise<Verified> {
  const module = await read()
  if (module.trailers !== 1) return { reason: `expected one signature, got ${module.trailers}` }
  try {
    if (certificates.length > 0) {
      const { keyId, certificate } = await verifyModuleSignature(module, certificates)
      return { keyId, certificate: createHash('sha256').update(certificate.raw).digest('hex') }
    }
    const { bytes = new Uint8Array(0), offset = 0 } = module.signature ?? {}
    const [signer] = parsePkcs7(bytes, module.where, offset).signers
    return signer === undefined ? { reason: 'expected a signer, got none' } : { keyId: signer.keyId }
  } catch (error) {
    if (error instanceof HarnessError) return { reason: error.message }
    throw error
  }
}
