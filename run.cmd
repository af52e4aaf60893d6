@echo off
rem Starts Age Mirror; makes .venv on first use. All arguments go to main.py: run --help tells which there are.
setlocal
call "%~dp0.ci\setup.cmd" run || exit /b 1
"%~dp0.venv\Scripts\python.exe" "%~dp0main.py" %*
exit /b %ERRORLEVEL%
