/**
 * The second opinion on AWS instances with NitroTPM.
 */
import type { Answer, Question } from '../question.ts'
import type { Notes } from '../record.ts'
import { opineOnDocument } from './nsm.ts'

/** @throws AttestationError where it refuses */
export const opine = (question: Question, notes: Notes): Promise<Answer> => opineOnDocument(question, true, notes)
