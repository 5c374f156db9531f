//! What one does with a block list, over the ports alone.
