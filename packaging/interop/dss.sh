#!/bin/sh
# Puts the European Commission's DSS, which judges our signatures in make interop, into a folder: dss.sh FOLDER
# FOLDER/lib gets the jars that dss/pom.xml pins, FOLDER/classes our dss/Dss.java. What is there already is left as it is.
set -eu
folder=${1:?usage: packaging/interop/dss.sh FOLDER}
from=$(dirname "$0")/dss
if cmp -s "$from/pom.xml" "$folder/pom.xml" && cmp -s "$from/Dss.java" "$folder/Dss.java"; then exit 0; fi
for p in mvn javac; do
	if ! command -v "$p" >/dev/null 2>&1; then
		echo "$p is missing (Debian: maven default-jdk-headless), and so is DSS: nothing was judged by it." >&2
		exit 1
	fi
done
rm -rf "$folder"
mkdir -p "$folder/classes"
mvn -B -q -C -Dstyle.color=never -f "$from/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
	-DoutputDirectory="$(cd "$folder" && pwd)/lib" -DincludeScope=runtime || {
	echo "Maven could not fetch DSS: it is missing, and nothing was judged by it." >&2
	exit 1
}
javac -nowarn -d "$folder/classes" -cp "$folder/lib/*" "$from/Dss.java"
cp "$from/pom.xml" "$from/Dss.java" "$folder/"
