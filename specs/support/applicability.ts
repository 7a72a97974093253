// Which rules speak about a candidate: the spec files register by it, the gate expects by it.
import type { Face, Requirement } from './requirement.ts'

/** A thing that is judged on its own: the installer image, or the asset image or folder. */
export type Part = 'installer' | 'assets'

/** What is known of a candidate before any rule runs. */
export type CandidateFaces = {
  /**
   * Parts that the candidate has: whether each is an image (has a manifest) or a bare folder, and whether it lies in a
   * registry, which has more to say than the image.
   */
  readonly parts: Readonly<Partial<Record<Part, { readonly image: boolean; readonly registry?: boolean }>>>
  /** Faces that the user asked for; absent when all were. */
  readonly faces?: readonly Face[]
  /** Set for what stands for both variants of a release; only the rules over both speak about it. */
  readonly release?: boolean
  /** Whether there is a lock to compare with; without one pinned rules do not apply. */
  readonly pinned: boolean
}

export type Applicability =
  | { readonly parts: readonly Part[]; readonly reason?: undefined }
  | { readonly parts: readonly []; readonly reason: string }

/** The parts of a candidate that a rule judges, or why there are none. */
export function applicability(
  requirement: Pick<Requirement, 'faces' | 'pinned' | 'scope'>,
  candidate: CandidateFaces,
): Applicability {
  if ((requirement.scope === 'release') !== (candidate.release === true))
    return { parts: [], reason: 'it is judged over both variants of a release, and only there' }
  if (requirement.pinned && !candidate.pinned)
    return { parts: [], reason: 'not pinned: there is no lock to compare with' }
  const asked = requirement.faces.filter((face) => isAsked(face, candidate.faces))
  if (asked.length === 0) return { parts: [], reason: `face ${requirement.faces.join(', ')} was not asked for` }
  const parts = (['installer', 'assets'] as const).filter((part) =>
    asked.some((face) => speaksOf(face, part, candidate)),
  )
  if (parts.length === 0) return { parts: [], reason: `the candidate has no face ${asked.join(', ')}` }
  if (requirement.scope === 'parts') {
    const absent = requirement.faces.filter((face) => !asked.includes(face) || !parts.some((part) => part === face))
    if (absent.length > 0) return { parts: [], reason: `it compares with the face ${absent.join(', ')}` }
    return { parts: parts.slice(-1) }
  }
  return { parts }
}

/** The face `image` is part of every other: an installer whose manifest is not judged is not judged. */
function isAsked(face: Face, faces: readonly Face[] | undefined): boolean {
  return faces === undefined || faces.includes(face) || (face === 'image' && faces.length > 0)
}

function speaksOf(face: Face, part: Part, { parts, faces }: CandidateFaces): boolean {
  const found = parts[part]
  if (found === undefined) return false
  if (face === 'image' || face === 'release') return found.image && isPartAsked(part, faces)
  if (face === 'registry') return found.registry === true && isPartAsked(part, faces)
  return face === part
}

/** With `--face assets` the installer's manifest is nobody's business. */
function isPartAsked(part: Part, faces: readonly Face[] | undefined): boolean {
  if (faces === undefined || faces.includes(part) || faces.includes('image')) return true
  return !faces.includes('installer') && !faces.includes('assets')
}
