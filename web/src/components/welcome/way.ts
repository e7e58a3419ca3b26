// The ways in that the gate offers.
export type Way = 'choose' | 'sign_in' | 'register' | 'recover';
