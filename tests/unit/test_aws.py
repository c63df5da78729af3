"""The AWS module on botocore's whole parsing and retry path, with canned answers in the place of the socket."""



