// The demonstration's pages: the simulated telephone under the keyboard. Copying is the console's.
import "../demo/telephone.js";
