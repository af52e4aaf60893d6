@echo off
rem Finds a Python that fits and lets it bring .venv up to date. Used by run.cmd and test.cmd:  setup run|test
setlocal
set "FITS=import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))"
set "PYTHON="
for %%V in (3.11 3.12) do if not defined PYTHON py -%%V -c "%FITS%" >nul 2>&1 && set "PYTHON=py -%%V"
if not defined PYTHON python -c "%FITS%" >nul 2>&1 && set "PYTHON=python"
if not defined PYTHON (
    echo age-mirror: Python 3.11 or 3.12 is needed and none was found. Install one from python.org and start again. 1>&2
    exit /b 1
)
%PYTHON% -I -S "%~dp0environment.py" %1
exit /b %ERRORLEVEL%
