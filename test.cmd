@echo off
rem Runs every check: ruff, mypy and the whole test suite. With arguments: only pytest, with these arguments.
setlocal
cd /d "%~dp0"
call .ci\setup.cmd test || exit /b 1
set "PYTHON=.venv\Scripts\python.exe"
set "QT_QPA_PLATFORM=offscreen"
if not "%~1"=="" (
    "%PYTHON%" -m pytest %*
    exit /b
)
set "FAILED="
call :step "ruff check" -m ruff check .
call :step "ruff format" -m ruff format --check .
call :step "mypy" -m mypy
if defined FAILED echo == not clean:%FAILED% see above
echo == pytest
"%PYTHON%" -m pytest
if errorlevel 1 exit /b 1
if defined FAILED exit /b 1
exit /b 0

:step
echo == %~1
"%PYTHON%" %2 %3 %4 %5 %6
if errorlevel 1 set "FAILED=%FAILED% %~1;"
exit /b 0
