measure() { :; }
