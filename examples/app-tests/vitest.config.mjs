// The tests of this folder are no part of the suite around it.
export default {};
