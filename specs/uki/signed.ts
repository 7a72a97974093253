// Faults of a signed UKI or boot loader.
import { X509Certificate } from 'node:crypto'
import type { ByteSource } from '#harness/bytes/source.ts'
import { HarnessError } from '#harness/errors.ts'
import { verifyAuthenticode } from '#harness/formats/uki/authenticode-signature.ts'
import { openMeasurement } from '#harness/formats/uki/measurement.ts'
import { checkPcrSignature, readPcrKey } from '#harness/formats/uki/pcr-signature.ts'
import type { Pe, PeSection } from '#harness/formats/uki/pe.ts'
import type { Uki } from '#harness/formats/uki/uki.ts'
import type { Contract } from '../contract/contract.ts'

export type SignatureFindings = {
  readonly broken: readonly string[]
  /** The actual signer, where the contract names none. */
  readonly notes: readonly string[]
  /** DER of the signer's certificate, where the signature holds. */
  readonly certificate?: Uint8Array
}

/**
 * Findings about a signature; none for a file without a certificate table: whether there must be one is UKI-007's and
 * INS-004's.
 */
export async function signatureFindings(
  source: ByteSource,
  pe: Pe,
  { secureBootCertificate: named }: Pick<Contract, 'secureBootCertificate'>,
): Promise<SignatureFindings> {
  if (pe.certificateTable.size === 0) return { broken: [], notes: [] }
  try {
    const trusted = named === undefined ? undefined : new X509Certificate(named)
    const { name, certificate } = await verifyAuthenticode(source, pe, trusted)
    const note = `signed by ${name}; the contract names no certificate (secureBootCertificate)`
    return { broken: [], notes: named === undefined ? [note] : [], certificate: certificate.raw }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    return { broken: [error.message], notes: [] }
  }
}

const KEY = '.pcrpkey'
const SIGNATURE = '.pcrsig'

/** Findings about the policy; none for a UKI that is not signed and has no policy for the TPM. */
export async function policyFindings(uki: Uki): Promise<readonly string[]> {
  const isSigned = uki.pe.certificateTable.size > 0
  const pem = await uki.text(KEY)
  if (pem === undefined) return isSigned ? [`expected ${KEY} in a signed UKI, got none`] : []
  if (!isSigned) return [`expected no ${KEY} in an unsigned UKI, got one`]
  try {
    const key = readPcrKey(pem, uki.whereOf(KEY))
    const measurement = openMeasurement()
    const base = toSources(uki.sections)
    const findings = pem === key.pem ? [] : [`${KEY}: expected the key as Go writes it, got another text`]
    for (const { index, id, section, sections, text } of uki.profiles) {
      const name = `${SIGNATURE} of profile ${id ?? index}`
      const found = (await text(SIGNATURE)) ?? ''
      const measured = new Map([...base, ...toSources([section, ...sections])])
      const { canonical, unsigned } = checkPcrSignature(
        found,
        await measurement.policies(measured),
        key,
        uki.whereOf(SIGNATURE),
      )
      if (unsigned.length > 0)
        findings.push(`${name}: expected what ${KEY} signed for PCR 11, got other banks: ${unsigned.join(', ')}`)
      else if (found !== canonical) findings.push(`${name}: expected ${canonical.slice(0, 200)}…, got another text`)
    }
    return findings
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    return [error.message]
  }
}

function toSources(sections: readonly PeSection[]): ReadonlyMap<string, ByteSource> {
  return new Map(sections.map((section) => [section.name, section.data()]))
}
