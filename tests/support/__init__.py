"""What several rooms' tests share: processes, servers, files and small runs."""
