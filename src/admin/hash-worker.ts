import { verifyPassword } from './password.ts';

/** What runs on the threads of the hash pool: one password check, synchronously. */
export function verify(job: { readonly phc: string; readonly password: string }): boolean {
  return verifyPassword(job.phc, job.password);
}
